import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { words } from '../words/index.ts';

export interface ConfirmProps {
  /** On the button that asks. */
  label: string;
  heading: string;
  text: string;
  onConfirm: () => void;
  className?: string;
}

/** A button whose deed is asked about first. */
export function Confirm({ label, heading, text, onConfirm, className = 'danger' }: ConfirmProps) {
  return (
    <DialogTrigger>
      <Button className={className}>{label}</Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal">
          <Dialog role="alertdialog">
            {({ close }) => (
              <>
                <Heading slot="title">{heading}</Heading>
                <p>{text}</p>
                <div className="buttons">
                  <Button className="plain" onPress={close} autoFocus>
                    {words.form.cancel}
                  </Button>
                  <Button
                    className="danger"
                    onPress={() => {
                      close();
                      onConfirm();
                    }}
                  >
                    {label}
                  </Button>
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
